import {
  dispose,
  engine,
  type NamedTensorMap,
  Optimizer,
  type serialization,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { checkNonNegative, checkSameShape, receivedMessage } from '../errors/checks.js';
import { CheckpointError, InvalidOptionError } from '../errors/errors.js';
import { clonesOf } from '../tensors/clones-of.js';
import { type Remembered, rememberVariables } from '../tensors/remember-variables.js';
import type {
  CapturedState,
  CapturedVariable,
  NamedTensor,
  OptimizerState,
  RenameVariable,
  VariableState,
} from './optimizer-state.js';
import type { LearningRate } from './schedules/schedules.js';

/** The slots of one variable on the device, and how often it was updated. */
interface VariableSlots {
  step: number;
  shape: number[];
  slots: Record<string, Variable>;
}

const sameName: RenameVariable = (name) => name;

/**
 * Base of this library's optimizers: a tfjs `Optimizer` (so `minimize`, `computeGradients`, and `LayersModel.compile`
 * work) whose state belongs to variables **by name**, not by their position in a list. Variables may
 * join, pause, and leave between steps. A step reads nothing back from the device.
 */
export abstract class NamedOptimizer extends Optimizer {
  /** The learning rate, or its schedule. You may replace it between steps. */
  learningRate: LearningRate;
  /**
   * Share of the run that is done, from 0 to 1, for a learning rate that follows it. `fit` sets it before each step.
   */
  runShare = 0;

  private readonly states = new Map<string, VariableSlots>();

  /**
   * @param learningRate - Number >= 0 or a schedule.
   * @throws {@link InvalidOptionError} when it is neither.
   */
  constructor(learningRate: LearningRate) {
    super();
    this.learningRate = learningRate;
    if (typeof learningRate !== 'function') {
      checkNonNegative(this.getClassName(), 'learningRate', learningRate);
    }
  }

  /** Names of the slots that each variable has under the options given. */
  protected abstract slotNames(): readonly string[];

  /**
   * Assigns a variable and its slots their next values; runs inside a `tidy`.
   *
   * @param value - The variable.
   * @param gradient - Its gradient, of the same shape.
   * @param slots - Its slots by name, zero at first.
   * @param learningRate - The rate of this step.
   * @param step - Number of this update of this variable, counted from 1.
   */
  protected abstract update(
    value: Variable,
    gradient: Tensor,
    slots: Record<string, Variable>,
    learningRate: number,
    step: number,
  ): void;

  /** Steps taken so far. The next step uses the schedule's rate for this number. */
  get step(): number {
    return this.iterations;
  }

  /**
   * The rate of the next step.
   *
   * @throws {@link InvalidOptionError} when it is not a finite number >= 0.
   */
  get currentLearningRate(): number {
    const { learningRate, step, runShare } = this;
    const rate = typeof learningRate === 'function' ? learningRate(step, runShare) : learningRate;
    checkNonNegative(this.getClassName(), `learningRate at step ${this.step}`, rate);
    return rate;
  }

  /**
   * Takes one step. Variables without a gradient, and their slots, stay unchanged. On an error, nothing changes.
   *
   * @param variableGradients - Gradients by the names of their variables. The caller disposes them.
   * @throws {@link InvalidOptionError} when no variable of that name is registered with tfjs.
   * @throws {@link ShapeError} when a gradient, or a restored slot, does not have the shape of its variable.
   */
  override applyGradients(variableGradients: NamedTensorMap | NamedTensor[]): void {
    const caller = `${this.getClassName()}.applyGradients`;
    const gradients: Array<[string, Tensor | null | undefined]> = Array.isArray(variableGradients)
      ? variableGradients.map((item) => [item.name, item.tensor])
      : Object.entries(variableGradients);
    const updates: Array<[Variable, Tensor]> = [];
    for (const [name, gradient] of gradients) {
      if (gradient == null) continue;
      const value = engine().registeredVariables[name];
      if (value === undefined) {
        throw new InvalidOptionError(
          receivedMessage(caller, 'each gradient must have the name of a registered variable', 'name', name),
        );
      }
      checkSameShape(caller, `gradient of ${name}`, gradient, 'variable', value);
      const slots = this.states.get(name)?.slots ?? {};
      for (const slot of Object.keys(slots))
        checkSameShape(caller, `${slot} of ${name}`, slots[slot]!, 'variable', value);
      updates.push([value, gradient]);
    }
    const rate = this.currentLearningRate;

    const before = this.remember(updates.map(([value]) => value));
    try {
      for (const [value, gradient] of updates) {
        const state = this.stateOf(value);
        state.step++;
        tidy(() => this.update(value, gradient, state.slots, rate, state.step));
      }
      this.incrementIterations();
    } catch (error) {
      before.restore();
      throw error;
    } finally {
      before.dispose();
    }
  }

  /**
   * Remembers variables and the state for a step that may fail. Nothing is copied, because tensors share their data.
   *
   * @internal
   */
  remember(variables: readonly Variable[]): Remembered {
    const { iterations } = this;
    const states = new Map([...this.states].map(([name, { step }]) => [name, step]));
    const slots = [...this.states.values()].flatMap((state) => Object.values(state.slots));
    const values = rememberVariables([...variables, ...slots]);
    return {
      restore: () => {
        values.restore();
        for (const [name, state] of this.states) {
          const step = states.get(name);
          if (step !== undefined) {
            state.step = step;
          } else {
            dispose(state.slots);
            this.states.delete(name);
          }
        }
        this.iterations_ = iterations;
      },
      dispose: values.dispose,
    };
  }

  /**
   * The current state, with its slots still on the device. It is captured at once and without a copy, because tensors
   * share their data.
   *
   * @param rename - Translates variable names; none by default.
   * @returns The state; the caller disposes the tensors of the slots.
   * @throws {@link CheckpointError} when two variables get the same name.
   */
  capture(rename: RenameVariable = sameName): CapturedState {
    const names = [...this.states.keys()].map(rename);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new CheckpointError(
        receivedMessage(`${this.getClassName()}.state`, 'names must stay different', 'rename', twice),
      );
    }
    const variables = clonesOf(() => {
      const captured = [...this.states.values()].map(({ step, shape, slots }, index) => {
        const clones = Object.entries(slots).map(([slot, value]) => [slot, value.clone()] as const);
        const state: CapturedVariable = { step, shape: [...shape], slots: Object.fromEntries(clones) };
        return [names[index]!, state] as const;
      });
      return Object.fromEntries(captured);
    });
    return { className: this.getClassName(), step: this.step, variables };
  }

  /**
   * Copies the state to the host. Training may continue meanwhile: the result is the state at the time of the call.
   *
   * @param rename - Translates variable names; none by default.
   * @returns The state, of plain objects and typed arrays.
   * @throws {@link CheckpointError} when two variables get the same name.
   */
  async state(rename: RenameVariable = sameName): Promise<OptimizerState> {
    const { className, step, variables: captured } = this.capture(rename);
    try {
      const variables: Record<string, VariableState> = {};
      for (const [name, variable] of Object.entries(captured)) {
        const slots: Record<string, Float32Array> = {};
        for (const [slot, value] of Object.entries(variable.slots)) {
          slots[slot] = new Float32Array((await value.data()) as Float32Array);
        }
        variables[name] = { step: variable.step, shape: variable.shape, slots };
      }
      return { className, step, variables };
    } finally {
      for (const { slots } of Object.values(captured)) dispose(slots);
    }
  }

  /**
   * Replaces the state with a saved one. The next step is bit for bit the one that would have followed.
   *
   * @param state - Result of {@link NamedOptimizer.state}. It is copied.
   * @param rename - Translates the saved names to those of the variables here; none by default.
   * @throws {@link CheckpointError} when it belongs to another class, has other slots (as with another `momentum`
   * setting), is damaged, or two variables get the same
   * name. The optimizer is then as before.
   */
  restore(state: OptimizerState, rename: RenameVariable = sameName): void {
    this.checkState(state, rename);
    this.dispose();
    for (const [name, { step, shape, slots }] of Object.entries(state.variables)) {
      const entries = Object.entries(slots).map(([slot, values]) => {
        const value = tidy(() => variable(tensor(Float32Array.from(values), shape), false));
        return [slot, value] as const;
      });
      this.states.set(rename(name), { step, shape: [...shape], slots: Object.fromEntries(entries) });
    }
    this.iterations_ = state.step;
  }

  /**
   * The state in the format of tfjs: the step count `iter`, then every slot as `variable/slot`. How often each variable
   * was updated is not part of it: prefer {@link NamedOptimizer.state}.
   *
   * @returns Named tensors; the slots are the live ones, the first is the caller's to dispose.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    const weights: NamedTensor[] = [await this.saveIterations()];
    for (const [name, { slots }] of this.states) {
      for (const [slot, value] of Object.entries(slots))
        weights.push({ name: `${name}/${slot}`, tensor: value });
    }
    return weights;
  }

  /**
   * Replaces the state with tensors from {@link NamedOptimizer.getWeights}. Every variable counts as updated
   * at each step.
   *
   * @param weightValues - The step count first. The caller keeps and disposes the tensors.
   * @throws {@link CheckpointError} when a name does not end in one of this optimizer's slots, or a slot is missing.
   */
  override async setWeights(weightValues: NamedTensor[]): Promise<void> {
    const [iterations, ...weights] = weightValues;
    const step = (await iterations?.tensor.data())?.[0] ?? Number.NaN;
    const state: OptimizerState = { className: this.getClassName(), step, variables: {} };
    for (const { name, tensor: weight } of weights) {
      const end = name.lastIndexOf('/');
      const variableName = name.slice(0, end);
      state.variables[variableName] ??= { step, shape: weight.shape, slots: {} };
      state.variables[variableName].slots[name.slice(end + 1)] = (await weight.data()) as Float32Array;
    }
    this.restore(state);
  }

  /** Disposes all slots and counts from step 0 again; you may use the optimizer as if it were new. */
  override dispose(): void {
    for (const { slots } of this.states.values()) for (const value of Object.values(slots)) value.dispose();
    this.states.clear();
    this.iterations_ = 0;
  }

  /** The options as plain JSON, for {@link optimizerFromConfig}; functions are recorded as 'custom'. */
  abstract override getConfig(): serialization.ConfigDict;

  private stateOf(value: Variable): VariableSlots {
    let state = this.states.get(value.name);
    if (state === undefined) {
      const entries = this.slotNames().map(
        (slot) => [slot, tidy(() => variable(zerosLike(value), false))] as const,
      );
      state = { step: 0, shape: [...value.shape], slots: Object.fromEntries(entries) };
      this.states.set(value.name, state);
    }
    return state;
  }

  private checkState(state: OptimizerState, rename: RenameVariable): void {
    const className = this.getClassName();
    const fail = (expectation: string, argument: string, value: unknown) => {
      throw new CheckpointError(receivedMessage(`${className}.restore`, expectation, argument, value));
    };
    if (state.className !== className)
      fail(`the state must be one of ${className}`, 'className', state.className);
    if (!(Number.isInteger(state.step) && state.step >= 0))
      fail('step must be an integer >= 0', 'step', state.step);
    const expected = [...this.slotNames()].sort().join(', ');
    const names = new Set<string>();
    for (const [name, { step, shape, slots }] of Object.entries(state.variables)) {
      if (names.has(rename(name))) fail('names must stay different', 'rename', rename(name));
      names.add(rename(name));
      const actual = Object.keys(slots).sort().join(', ');
      if (actual !== expected) fail(`each variable must have the slots: ${expected || 'none'}`, name, actual);
      if (!(Number.isInteger(step) && step >= 0))
        fail('step must be an integer >= 0', `step of ${name}`, step);
      const size = shape.reduce((product, length) => product * length, 1);
      for (const [slot, values] of Object.entries(slots)) {
        if (values.length !== size) {
          fail(`slots of shape [${shape}] must hold ${size} values`, `${slot} of ${name}`, values.length);
        }
      }
    }
  }
}
