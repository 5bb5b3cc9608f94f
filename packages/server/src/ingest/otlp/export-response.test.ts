import { describe, expect, it } from 'vitest';
import { exportAnswer, failureAnswer, grpcCodeOf } from './export-response.js';
import { otlpEncodingOf } from './otlp-encoding.js';
import { OTLP_TYPES } from './otlp-schema.js';

const text = (body: Uint8Array) => Buffer.from(body).toString();
const hex = (body: Uint8Array) => Buffer.from(body).toString('hex');

describe('success', () => {
  it('is an empty message', () => {
    expect(exportAnswer([], 'json')).toEqual({ contentType: 'application/json', body: Buffer.from('{}') });
    expect(exportAnswer([], 'protobuf')).toEqual({ contentType: 'application/x-protobuf', body: new Uint8Array(0) });
  });
});

describe('partial success', () => {
  const rejected = [{ index: 3, reason: 'bad.' }];

  it('counts in a string and says why in JSON', () => {
    expect(text(exportAnswer(rejected, 'json').body)).toBe(
      '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"Rejected span 3: bad."}}',
    );
  });

  it('is field 1 with fields 1 and 2 in protobuf', () => {
    const message = Buffer.from('Rejected span 3: bad.');
    expect(hex(exportAnswer(rejected, 'protobuf').body)).toBe(`0a19080112${message.length.toString(16)}${message.toString('hex')}`);
  });

  it('spells five reasons out', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ index, reason: 'no' }));
    const message = 'Rejected span 0: no; span 1: no; span 2: no; span 3: no; span 4: no; and 295 more.';
    expect(JSON.parse(text(exportAnswer(many, 'json').body))).toEqual({ partialSuccess: { rejectedSpans: '300', errorMessage: message } });
    const decoded = OTLP_TYPES.traceResponse.toObject(OTLP_TYPES.traceResponse.decode(exportAnswer(many, 'protobuf').body), {
      longs: String,
    });
    expect(decoded).toEqual({ partialSuccess: { rejectedSpans: '300', errorMessage: message } });
  });
});

describe('failure', () => {
  it('is a google.rpc.Status in either encoding', () => {
    expect(failureAnswer(503, 'busy', 'json')).toEqual({
      contentType: 'application/json',
      body: Buffer.from('{"code":14,"message":"busy"}'),
    });
    const { contentType, body } = failureAnswer(503, 'busy', 'protobuf');
    expect(contentType).toBe('application/x-protobuf');
    expect(hex(body)).toBe('080e120462757379');
  });

  it.each([
    [400, 3],
    [401, 16],
    [403, 7],
    [404, 5],
    [405, 12],
    [413, 3],
    [415, 3],
    [418, 3],
    [429, 8],
    [500, 13],
    [501, 13],
    [503, 14],
  ])('HTTP %i is gRPC %i', (http, grpc) => {
    expect(grpcCodeOf(http)).toBe(grpc);
  });
});

describe('content types', () => {
  it.each([
    ['application/x-protobuf', 'protobuf'],
    ['application/json', 'json'],
    ['Application/JSON; charset=utf-8', 'json'],
    ['application/protobuf', undefined],
    ['text/plain', undefined],
    [undefined, undefined],
  ])('%s is %s', (contentType, encoding) => {
    expect(otlpEncodingOf(contentType)).toBe(encoding);
  });
});
