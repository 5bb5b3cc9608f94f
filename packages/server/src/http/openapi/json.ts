/** A JSON object of the OpenAPI document. */
export interface Json {
  readonly [name: string]: JsonValue;
}
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | Json;
