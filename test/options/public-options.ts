import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One option, as its type says. */
export interface Option {
  name: string;
  /** What holds a number where it is given: the number itself, or a list of so many. */
  number: 'scalar' | 'list' | undefined;
  /** Options below it. */
  nested: Option[] | undefined;
}

/** A parameter of a public function, constructor or method that holds options. */
export interface OptionsParameter {
  /** Entry and function, such as `models resnet18`, `training SimCLR.fit` or `optimizers new SGD`. */
  name: string;
  parameter: string;
  options: Option[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What users implement or hold: an object of these types may have whatever else its owner needs. */
const roles =
  /^(Transform|DescribedTransform|ViewLoss|Stream|StatefulPart|ImageCache|Callback|CheckpointStore|Communicator|IndexedImages|ByteSource|WorkerGroup|History|StreamState|FineTuneSource|EncoderSource|ReadoutState|(Readonly)?(EmbeddingArray|ImageArray)(Like)?|Labeled(Images|Pictures|Embeddings)(Like)?|LinearProbe|NamedEmbeddings|StartingWeights|SimCLR|Trainer|RelevantPairs|TrainerWorker|\w+Callback)\b/;

/** Every parameter of `src`'s public functions that has options: by the name of its type, or by optional properties. */
export function publicOptions(): OptionsParameter[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.json'),
    { noEmit: true },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  )!;
  const rooms = readdirSync(join(root, 'src')).filter(
    (room) => !['tensors', 'errors'].includes(room) && existsSync(join(root, 'src', room, 'index.ts')),
  );
  const program = ts.createProgram(
    rooms.map((room) => join(root, 'src', room, 'index.ts')),
    config.options,
  );
  const checker = program.getTypeChecker();
  const found: OptionsParameter[] = [];
  const seen = new Set<ts.Symbol>();

  const isOurs = (symbol: ts.Symbol | undefined) =>
    symbol?.declarations?.some((declaration) =>
      declaration.getSourceFile().fileName.startsWith(`${root}src/`),
    );
  const parts = (type: ts.Type): ts.Type[] => (type.isUnion() ? type.types.flatMap(parts) : [type]);
  const isList = (type: ts.Type) => checker.isArrayType(type) || checker.isTupleType(type);
  const isNumber = (type: ts.Type) => (type.flags & ts.TypeFlags.NumberLike) !== 0;

  /** The object types of a parameter or property that are sets of options, and not arrays, functions or roles. */
  function optionTypes(type: ts.Type): ts.Type[] {
    return parts(type).filter((part) => {
      if (!(part.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) || isList(part)) return false;
      if (part.getCallSignatures().length > 0 || part.isClass() || roles.test(checker.typeToString(part)))
        return false;
      const properties = checker.getPropertiesOfType(part);
      return properties.length > 0 && properties.every((property) => isOurs(property));
    });
  }

  function optionsOf(types: ts.Type[], depth = 0): Option[] {
    const options = new Map<string, Option>();
    for (const property of types.flatMap((type) => checker.getPropertiesOfType(type))) {
      const type = checker.getTypeOfSymbol(property);
      const below = depth < 3 ? optionTypes(type) : [];
      const elements = parts(type)
        .filter(isList)
        .flatMap((list) => checker.getTypeArguments(list as ts.TypeReference));
      options.set(property.name, {
        name: property.name,
        number: parts(type).some(isNumber)
          ? 'scalar'
          : elements.some((element) => parts(element).some(isNumber))
            ? 'list'
            : undefined,
        nested: below.length > 0 ? optionsOf(below, depth + 1) : undefined,
      });
    }
    return [...options.values()];
  }

  function visit(name: string, signatures: readonly ts.Signature[]): void {
    const byParameter = new Map<string, ts.Type[]>();
    for (const signature of signatures) {
      for (const parameter of signature.parameters) {
        const types = optionTypes(checker.getTypeOfSymbol(parameter)).filter(
          (type) =>
            /(Options|Config|Plan|Selection|Data)\b/.test(checker.typeToString(type)) ||
            checker.getPropertiesOfType(type).some((property) => property.flags & ts.SymbolFlags.Optional),
        );
        if (types.length > 0)
          byParameter.set(parameter.name, [...(byParameter.get(parameter.name) ?? []), ...types]);
      }
    }
    for (const [parameter, types] of byParameter) found.push({ name, parameter, options: optionsOf(types) });
  }

  for (const room of rooms) {
    const file = program.getSourceFile(join(root, 'src', room, 'index.ts'))!;
    for (const exported of checker.getExportsOfModule(checker.getSymbolAtLocation(file)!)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (seen.has(symbol)) continue;
      seen.add(symbol);
      if (symbol.flags & ts.SymbolFlags.Interface && !roles.test(symbol.name)) {
        for (const method of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))) {
          visit(`${room} ${symbol.name}.${method.name}`, checker.getTypeOfSymbol(method).getCallSignatures());
        }
      }
      if (!symbol.valueDeclaration) continue;
      const type = checker.getTypeOfSymbol(symbol);
      visit(`${room} ${symbol.name}`, type.getCallSignatures());
      if (!(symbol.flags & ts.SymbolFlags.Class)) continue;
      visit(`${room} new ${symbol.name}`, type.getConstructSignatures());
      for (const owner of [type, checker.getDeclaredTypeOfSymbol(symbol)]) {
        for (const method of checker.getPropertiesOfType(owner)) {
          if (!isOurs(method)) continue;
          const hidden = method.declarations?.some(
            (declaration) =>
              ts.getCombinedModifierFlags(declaration) &
                (ts.ModifierFlags.Private | ts.ModifierFlags.Protected) ||
              ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === 'internal'),
          );
          if (!hidden)
            visit(
              `${room} ${symbol.name}.${method.name}`,
              checker.getTypeOfSymbol(method).getCallSignatures(),
            );
        }
      }
    }
  }
  return found;
}
