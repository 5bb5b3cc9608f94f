import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Json, JsonValue } from '../json.js';

/** A parameter of an operation. */
export interface ApiParameter {
  readonly name: string;
  readonly in: string;
  readonly example?: string;
}

interface Content {
  readonly schema: Json;
  readonly example?: JsonValue;
}

/** One kind of answer of an operation. */
export interface ApiResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, Content>>;
}

/** One operation of the document, with its address. */
export interface ApiOperation {
  readonly path: string;
  /** Upper case. */
  readonly method: string;
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters: readonly ApiParameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, ApiResponse>>;
  /** Does it need no key? */
  readonly isOpen: boolean;
}

type Described = Omit<ApiOperation, 'path' | 'method' | 'isOpen' | 'parameters'> & {
  readonly parameters?: readonly ApiParameter[];
  readonly security?: readonly unknown[];
};

/** The OpenAPI document as clients read it, to compare what the server does with it. */
export class ApiDocument {
  readonly operations: readonly ApiOperation[];
  readonly #components: Json;
  readonly #ajv = new Ajv2020({ allErrors: true, strict: false });
  readonly #compiled = new Map<Json, ValidateFunction>();

  constructor(api: Readonly<Record<string, unknown>>) {
    const paths = api['paths'] as Readonly<Record<string, Readonly<Record<string, Described>>>>;
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]): ApiOperation => ({
          ...operation,
          path,
          method: method.toUpperCase(),
          parameters: operation.parameters ?? [],
          isOpen: operation.security?.length === 0,
        }),
      ),
    );
    this.#components = closed(api['components'] as Json) as Json;
    this.#ajv.addFormat('date-time', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/);
  }

  /** @throws when there is no such operation */
  operation(operationId: string): ApiOperation {
    const found = this.operations.find((each) => each.operationId === operationId);
    if (found === undefined) throw new Error(`there is no operation ${operationId}`);
    return found;
  }

  /** What is wrong with a value by a schema of the document, in which a field that is not listed is wrong, too. */
  faultsOf(schema: Json, value: unknown): string[] {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      validate = this.#ajv.compile({ ...(closed(schema) as Json), components: this.#components });
      this.#compiled.set(schema, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath || 'the value'} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** Answers may gain fields, so that their schemas are open to clients; here none may be forgotten. */
function closed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Json;
  const entries = Object.entries(object).map(([name, each]): [string, JsonValue] => [name, closed(each)]);
  const isOpenObject = object['type'] === 'object' && object['properties'] !== undefined && object['additionalProperties'] === undefined;
  return Object.fromEntries(isOpenObject ? [...entries, ['additionalProperties', false]] : entries);
}
