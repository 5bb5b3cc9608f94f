import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** What a type says of one property: its own kinds, null and undefined aside. */
export interface PropertyType {
  readonly kinds: readonly ('text' | 'number' | 'list' | 'other')[];
  readonly nullable: boolean;
  readonly optional: boolean;
  /** The texts that are allowed, where the type names them. */
  readonly literals: readonly string[];
  /** Of a list: the properties of its elements. */
  readonly items: Properties;
}

export type Properties = Readonly<Record<string, PropertyType>>;

/** A method of a repository as the compiler sees it. */
export interface MethodType {
  /** Names of the parameters between the project and the options. */
  readonly required: readonly string[];
  readonly options: Properties;
  readonly row: Properties;
  /** Undefined where the answer has no totals. */
  readonly totals: Properties | undefined;
}

const INDEX = fileURLToPath(new URL('../index.ts', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../../../tsconfig.json', import.meta.url));

/** The public methods of every repository, by class and name, as the compiler sees them. */
export function readMethodTypes(): ReadonlyMap<string, ReadonlyMap<string, MethodType>> {
  const { config } = ts.readConfigFile(PROJECT, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, fileURLToPath(new URL('../../../../', import.meta.url)));
  const program = ts.createProgram([INDEX], { ...options, noEmit: true, composite: false, incremental: false });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(INDEX);
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (module === undefined) throw new TypeError(`${INDEX} exports nothing`);
  const classes = checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .filter((symbol) => symbol.flags & ts.SymbolFlags.Class);
  return new Map(classes.map((symbol) => [symbol.name, methodsOf(checker, symbol)]));
}

function methodsOf(checker: ts.TypeChecker, symbol: ts.Symbol): ReadonlyMap<string, MethodType> {
  const methods = [...(symbol.members?.values() ?? [])].filter(({ valueDeclaration: declaration }) => {
    if (declaration === undefined || !ts.isMethodDeclaration(declaration)) return false;
    return (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Protected | ts.ModifierFlags.Private)) === 0;
  });
  return new Map(methods.map((method) => [method.name, methodOf(checker, checker.getTypeOfSymbol(method))]));
}

function methodOf(checker: ts.TypeChecker, type: ts.Type): MethodType {
  const [signature] = type.getCallSignatures();
  if (signature === undefined) throw new TypeError('a method can be called');
  const answer = checker.getAwaitedType(signature.getReturnType());
  const options = signature.parameters.at(-1);
  if (answer === undefined || options === undefined) throw new TypeError('a report has options and an answer');
  const rows = elementOf(checker, propertyOf(checker, answer, 'rows'));
  const totals = checker.getNonNullableType(propertyOf(checker, answer, 'totals'));
  if (rows === undefined) throw new TypeError('the rows of an answer are a list');
  return {
    required: signature.parameters.slice(1, -1).map((parameter) => parameter.name),
    options: propertiesOf(checker, checker.getNonNullableType(checker.getTypeOfSymbol(options))),
    row: propertiesOf(checker, rows),
    totals: totals.flags & ts.TypeFlags.Never ? undefined : propertiesOf(checker, totals),
  };
}

function propertyOf(checker: ts.TypeChecker, type: ts.Type, name: string): ts.Type {
  const property = type.getProperty(name);
  if (property === undefined) throw new TypeError(`an answer has ${name}`);
  return checker.getTypeOfSymbol(property);
}

function propertiesOf(checker: ts.TypeChecker, type: ts.Type): Properties {
  return Object.fromEntries(
    checker.getPropertiesOfType(type).map((symbol) => [symbol.name, propertyType(checker, checker.getTypeOfSymbol(symbol), symbol)]),
  );
}

function propertyType(checker: ts.TypeChecker, type: ts.Type, symbol: ts.Symbol): PropertyType {
  const parts = type.isUnion() ? type.types : [type];
  const own = parts.filter(({ flags }) => (flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) === 0);
  const [element] = own.flatMap((part) => elementOf(checker, part) ?? []);
  return {
    kinds: [...new Set(own.map((part) => kindOf(checker, part)))],
    nullable: parts.some(({ flags }) => flags & ts.TypeFlags.Null),
    optional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
    literals: own.flatMap((part) => (part.isStringLiteral() ? [part.value] : [])),
    items: element === undefined ? {} : propertiesOf(checker, element),
  };
}

function kindOf(checker: ts.TypeChecker, type: ts.Type): PropertyType['kinds'][number] {
  if (type.flags & ts.TypeFlags.StringLike) return 'text';
  if (type.flags & ts.TypeFlags.NumberLike) return 'number';
  return elementOf(checker, type) === undefined ? 'other' : 'list';
}

/** Type of the elements of a list, or undefined when it is none. */
function elementOf(checker: ts.TypeChecker, type: ts.Type): ts.Type | undefined {
  return checker.isArrayLikeType(type) ? checker.getIndexTypeOfType(type, ts.IndexKind.Number) : undefined;
}
