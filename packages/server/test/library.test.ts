import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT, requireBuild, runSuccessfully } from './harness/program.js';
import { newFolder, removeFolders } from './harness/server-program.js';

// docs/library.md is one program in pieces: it is compiled as a strict application would compile it, and prints what the page says.

const PACKAGE = 'systemprompt-analytics';
const PAGE = readFileSync(`${ROOT}docs/library.md`, 'utf8');

/** Classes of the parts that the page is about. Each stands in an example, and its declaration has one. */
const CLASSES = [
  'AnalyticsService',
  'SessionCleanupService',
  'BehavioralBotDetector',
  'AnomalyDetectionService',
  'ThrottleService',
  'SessionRepository',
  'FingerprintRepository',
  'AgentAnalyticsRepository',
  'ToolAnalyticsRepository',
  'RequestAnalyticsRepository',
  'CostAnalyticsRepository',
  'TrafficAnalyticsRepository',
  'ContentAnalyticsRepository',
  'OverviewAnalyticsRepository',
  'ConversationAnalyticsRepository',
  'CliSessionAnalyticsRepository',
  'BotVerdicts',
  'LiveFeed',
  'AnalyticsError',
] as const;
/** Likewise what is no class: models and what a host may bring. */
const MODELS = [
  'SessionAnalytics',
  'AnalyticsSession',
  'SessionId',
  'UserId',
  'VisitorId',
  'FunnelId',
  'FingerprintReputation',
  'FlagReason',
  'ThrottleLevel',
  'EscalationCriteria',
  'AnomalyCheckResult',
  'AnomalyLevel',
  'BehavioralAnalysisResult',
  'BehavioralSignal',
  'ContentRouting',
  'GeoIpReader',
  'AnalyticsResult',
] as const;
const NAMES = [...CLASSES, ...MODELS];
/** Operations that are known by these names. */
const METHODS: Readonly<Partial<Record<(typeof NAMES)[number], readonly string[]>>> = {
  BehavioralBotDetector: ['analyze'],
  AnomalyDetectionService: ['checkAnomaly', 'recordEvent', 'checkTrendAnomaly', 'updateThreshold', 'recentEvents'],
  SessionRepository: ['create', 'find', 'touch', 'end', 'convert', 'migrate', 'endInactive'],
  FingerprintRepository: ['get', 'flag', 'clear', 'adjustScore', 'highRisk', 'reusableSession'],
  TrafficAnalyticsRepository: ['sources', 'geo', 'devices', 'bots', 'pages'],
  ContentAnalyticsRepository: ['stats', 'top', 'trends'],
  OverviewAnalyticsRepository: ['overview'],
  CliSessionAnalyticsRepository: ['stats', 'trends', 'live'],
  AgentAnalyticsRepository: ['stats', 'list', 'trends', 'show'],
  ToolAnalyticsRepository: ['stats', 'list', 'trends', 'show'],
  RequestAnalyticsRepository: ['stats', 'list', 'trends', 'models'],
  CostAnalyticsRepository: ['summary', 'breakdown', 'trends'],
  ConversationAnalyticsRepository: ['stats', 'list', 'trends'],
};

/** A piece of the page's program. */
interface Example {
  readonly code: string;
  /** What the page says that it prints. */
  readonly output: string;
}

const FENCE = /^```ts\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm;
const EXAMPLES = [...PAGE.matchAll(FENCE)].map(([, code = '', output = '']): Example => ({ code, output }));

/** Printed before each piece, so that it is known which of them printed what. */
const MARK = '=== example ';

/** One module of all pieces: imports are shared, what the first piece declares is known to all, the rest to each alone. */
function programOf(examples: readonly Example[]): string {
  const imported = new Map<string, Map<string, boolean>>();
  const bodies = examples.map(({ code }, index) => {
    const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2023, true);
    const imports = source.statements.filter(ts.isImportDeclaration);
    for (const statement of imports) collectImports(statement, imported);
    const body = code.slice(imports.at(-1)?.end ?? 0);
    return index === 0 ? body : `{\nconsole.log('${MARK}${index}');${body}}\n`;
  });
  const lines = [...imported].map(([module, names]) => {
    const specifiers = [...names].map(([name, isType]) => (isType ? `type ${name}` : name));
    return `import { ${specifiers.join(', ')} } from '${module}';\n`;
  });
  return [...lines, ...bodies].join('');
}

function collectImports({ importClause, moduleSpecifier }: ts.ImportDeclaration, imported: Map<string, Map<string, boolean>>): void {
  const bindings = importClause?.namedBindings;
  if (!ts.isStringLiteral(moduleSpecifier) || bindings === undefined || !ts.isNamedImports(bindings)) {
    throw new TypeError('the examples import by name');
  }
  const names = imported.get(moduleSpecifier.text) ?? new Map<string, boolean>();
  imported.set(moduleSpecifier.text, names);
  const allTypes = importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  for (const { name, isTypeOnly } of bindings.elements) {
    names.set(name.text, (allTypes || isTypeOnly) && names.get(name.text) !== false);
  }
}

const folder = newFolder();
const FILE = join(folder, 'page.mts');
afterAll(removeFolders);

/** The page's program, as an application that installed the package compiles it. */
function compile(): ts.Program {
  requireBuild();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(`${ROOT}packages/server`, join(folder, 'node_modules', PACKAGE), 'dir');
  writeFileSync(FILE, programOf(EXAMPLES));
  return ts.createProgram([FILE], {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    types: ['node'],
    typeRoots: [`${ROOT}node_modules/@types`],
    // The declarations themselves are checked where the package is.
    skipLibCheck: true,
  });
}

const program = compile();
const checker = program.getTypeChecker();

/** What the package exports, by name, as its users see it. */
const EXPORTS = new Map(
  checker
    .getExportsOfModule(symbolOf(`${ROOT}packages/server/dist/index.d.ts`))
    .map((symbol) => [symbol.name, symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol]),
);

function symbolOf(file: string): ts.Symbol {
  const source = program.getSourceFile(file);
  const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (symbol === undefined) throw new TypeError(`${file} exports nothing`);
  return symbol;
}

describe('docs/library.md', () => {
  it('compiles in a strict program', () => {
    const diagnostics = ts.getPreEmitDiagnostics(program);
    expect(
      ts.formatDiagnostics(diagnostics, {
        getCurrentDirectory: () => folder,
        getCanonicalFileName: (name) => name,
        getNewLine: () => '\n',
      }),
    ).toBe('');
  });

  it('prints what it says', async () => {
    program.emit();
    const { stdout } = await runSuccessfully([FILE.replace(/mts$/, 'mjs')], { cwd: folder, environment: { TMPDIR: folder } });
    const [before, ...printed] = stdout.split(new RegExp(`^${MARK}\\d+\\n`, 'm'));
    expect(before).toBe('');
    expect(printed).toEqual(EXAMPLES.slice(1).map(({ output }) => output));
    expect(printed.filter((output) => output === '')).toEqual([]);
  });
});

describe('the package', () => {
  it.each(NAMES)('exports %s', (name) => {
    expect([...EXPORTS.keys()]).toContain(name);
    const members = EXPORTS.get(name)?.members;
    for (const method of METHODS[name] ?? []) expect([...(members?.keys() ?? [])], name).toContain(method);
  });

  it.each(NAMES)('shows %s in an example that runs', (name) => {
    const word = new RegExp(`\\b${name}\\b`);
    expect(EXAMPLES.filter(({ code }) => word.test(code.replace(/\/\/.*/g, '')))).not.toEqual([]);
  });

  const lines = new Set(EXAMPLES.flatMap(({ code }) => code.split('\n').map((line) => line.trim())));

  it.each(NAMES)('documents %s, with an example that is part of one that runs', (name) => {
    const symbol = EXPORTS.get(name);
    expect(ts.displayPartsToString(symbol?.getDocumentationComment(checker))).not.toBe('');
    const examples = (symbol?.getJsDocTags(checker) ?? [])
      .filter((tag) => tag.name === 'example')
      .map((tag) => ts.displayPartsToString(tag.text));
    expect(examples).not.toEqual([]);
    for (const line of examples.flatMap((example) => example.split('\n').map((each) => each.trim()))) {
      if (line !== '' && !line.startsWith('```')) expect([...lines]).toContain(line);
    }
  });
});
