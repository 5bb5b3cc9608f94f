import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonTime, readLogTime } from './log-time.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

describe('readLogTime', () => {
  it.each([
    ['17/May/2015:10:05:03 +0000', Date.UTC(2015, 4, 17, 10, 5, 3)],
    ['17/MAY/2015:10:05:03 +0000', Date.UTC(2015, 4, 17, 10, 5, 3)],
    ['01/Jan/2020:00:30:00 +0200', Date.UTC(2019, 11, 31, 22, 30)],
    ['31/Dec/2019:23:30:00 -0330', Date.UTC(2020, 0, 1, 3, 0)],
    ['29/Feb/2000:00:00:00 +0000', Date.UTC(2000, 1, 29)],
    ['31/Dec/2016:23:59:60 +0000', Date.UTC(2017, 0, 1)],
    ['2022-03-09T21:30:01+01:00', Date.UTC(2022, 2, 9, 20, 30, 1)],
    ['2022-03-09 21:30:01', Date.UTC(2022, 2, 9, 21, 30, 1)],
    ['2022-03-09T21:30:01.523987Z', Date.UTC(2022, 2, 9, 21, 30, 1, 523)],
    ['2022-03-09T21:30:01,5-0800', Date.UTC(2022, 2, 10, 5, 30, 1, 500)],
    ['2022/03/09 21:30:01', Date.UTC(2022, 2, 9, 21, 30, 1)],
  ])('reads %s', (text, timestampMs) => {
    expect(readLogTime(text)).toBe(timestampMs);
  });

  it.each([
    '',
    '17/May/2015',
    '17/May/2015:10:05:03',
    '30/Feb/2015:10:05:03 +0000',
    '29/Feb/1900:10:05:03 +0000',
    '00/May/2015:10:05:03 +0000',
    '17/May/2015:10:60:03 +0000',
    '17/May/2015:10:05:61 +0000',
    '17/May/2015:10:05:03 +2400',
    '17/May/2015:10:05:03 +0060',
    '31/Dec/1969:23:59:59 +0000',
    '01/Jan/1970:00:00:00 +0100',
    '17/May/0015:10:05:03 +0000',
    '2022-13-09T21:30:01Z',
    '2022-00-09T21:30:01Z',
    '2022-03-09',
  ])('does not take %s for a time', (text) => {
    expect(readLogTime(text)).toBeUndefined();
  });

  it('reads back what a server in any zone writes', () => {
    const moment = fc.integer({ min: 86_400, max: 4_102_444_799 });
    const zone = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(moment, zone, (second, zoneMinutes) => {
        const local = new Date((second + zoneMinutes * 60) * 1000);
        const [hours, minutes] = [Math.floor(Math.abs(zoneMinutes) / 60), Math.abs(zoneMinutes) % 60];
        const offset = `${zoneMinutes < 0 ? '-' : '+'}${two(hours)}${two(minutes)}`;
        const day = `${two(local.getUTCDate())}/${MONTHS[local.getUTCMonth()]}/${local.getUTCFullYear()}`;
        const clock = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`;
        expect(readLogTime(`${day}:${clock} ${offset}`)).toBe(second * 1000);
        expect(readLogTime(`${local.toISOString().slice(0, 19)}${offset}`)).toBe(second * 1000);
      }),
    );
  });
});

describe('readJsonTime', () => {
  const second = Date.UTC(2022, 2, 9, 21, 30, 1) / 1000;
  it.each([
    ['seconds', second, second * 1000],
    ['seconds with a fraction', second + 0.524, second * 1000 + 524],
    ['seconds as text', `${second}.524`, second * 1000 + 524],
    ['milliseconds', second * 1000 + 5, second * 1000 + 5],
    ['microseconds', second * 1e6 + 5000, second * 1000 + 5],
    ['nanoseconds', second * 1e9, second * 1000],
    ['ISO 8601', '2022-03-09T21:30:01Z', second * 1000],
    ["a server's own form", '09/Mar/2022:22:30:01 +0100', second * 1000],
    ['other text', 'yesterday', undefined],
    ['a negative number', -5, undefined],
    ['nothing', undefined, undefined],
    ['an object', {}, undefined],
  ])('reads %s', (_, value, expected) => {
    expect(readJsonTime(value)).toBe(expected);
  });
});
