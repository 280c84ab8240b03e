/**
 * Base class of every error that this library throws on purpose.
 *
 * Messages about arguments have the form `function: what was expected. Received: argument=value.`
 */
export class SimCLRError extends Error {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'SimCLRError';
}

/** A tensor or array has the wrong rank, shape or dtype. */
export class ShapeError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'ShapeError';
}

/** An option is missing, of the wrong type or outside its domain. */
export class InvalidOptionError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'InvalidOptionError';
}

/** Values lie outside the documented range: 0-255 where [0, 1] is expected, NaN, labels that are not classes. */
export class ValueRangeError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'ValueRangeError';
}

/** A file or a stream cannot be read, or does not have the expected format. */
export class DataError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'DataError';

  /** @param path - The file or source that failed, if any. */
  constructor(
    message: string,
    readonly path?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A checkpoint is damaged, from another version, or belongs to another architecture. */
export class CheckpointError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'CheckpointError';
}

/** The active backend lacks something that the call needs, or no backend works here. */
export class BackendError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'BackendError';
}

/** The backend's graphics device or context was lost while it was needed, with all its tensors. */
export class BackendLostError extends BackendError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'BackendLostError';
}

/** Processes that train one model do not match, one of them ended, or the library that connects them is missing. */
export class DistributedError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'DistributedError';
}

/** A worker cannot be started, does not answer, or ended while it was needed, with the trainer in it. */
export class WorkerError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'WorkerError';
}

/** The loss or its gradient became NaN or infinite, and training stopped at once. */
export class NonFiniteLossError extends SimCLRError {
  /** Tells the error's kind where `instanceof` cannot, as between two copies of the package. */
  override name = 'NonFiniteLossError';

  /**
   * @param step - The optimizer step, counted from 0, whose loss was not finite.
   * @param loss - The loss; finite if only the gradient was not.
   * @param late - Whether the backend reported it only after the weights had changed.
   */
  constructor(
    readonly step: number,
    readonly loss: number,
    readonly late = false,
  ) {
    const which = Number.isFinite(loss) ? ', but its gradient is not finite' : '';
    const when = late
      ? 'after the weights were changed, because this backend reports it late; resume from a checkpoint'
      : 'before the weights were changed';
    super(
      `The loss is ${loss} at step ${step}${which}: training stopped ${when}. ` +
        'Lower the learning rate, add warm-up steps or raise the temperature.',
    );
  }
}
