import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const FOLDER = new URL('../../../protos/', import.meta.url);

const root = new protobuf.Root();
root.resolvePath = (_origin, target) => fileURLToPath(new URL(target, FOLDER));
root.loadSync(['opentelemetry/proto/collector/trace/v1/trace_service.proto', 'google/rpc/status.proto']);

/** The message types of trace export, compiled once when the module is loaded. */
export const OTLP_TYPES = {
  traceRequest: root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest'),
  traceResponse: root.lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse'),
  resourceSpans: root.lookupType('opentelemetry.proto.trace.v1.ResourceSpans'),
  scopeSpans: root.lookupType('opentelemetry.proto.trace.v1.ScopeSpans'),
  span: root.lookupType('opentelemetry.proto.trace.v1.Span'),
  resource: root.lookupType('opentelemetry.proto.resource.v1.Resource'),
  scope: root.lookupType('opentelemetry.proto.common.v1.InstrumentationScope'),
  status: root.lookupType('google.rpc.Status'),
} as const;

/** The number a field has on the wire. */
export function fieldNumber(type: protobuf.Type, name: string): number {
  const field = type.fields[name];
  if (field === undefined) throw new TypeError(`${type.fullName} has no field ${name}`);
  return field.id;
}
