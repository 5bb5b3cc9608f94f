import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readClientHints, UserAgentReader } from './user-agents.js';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)';
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const ANDROID = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)';
const CHROME = `${WINDOWS} Chrome/137.0.0.0 Safari/537.36`;

const reader = new UserAgentReader();

describe('user agents', () => {
  it.each([
    'Mozilla/5.0 (compatible; Exabot/3.0; +http://www.exabot.com/go/robot)',
    'SAMSUNG-GT-E2232/1.0 Openwave/1 UP.Browser/6',
    'Any words at all/1.0 (that a client likes)',
    'FeedBurner/1.0 (http://www.FeedBurner.com)',
  ])('name no browser that nobody knows: %s', (userAgent) => {
    expect(reader.read(userAgent)).toMatchObject({ browser: '', browserVersion: '' });
  });

  it.each([
    [CHROME, 'desktop', 'Chrome', '137', 'Windows 10'],
    [`${WINDOWS} Chrome/137.0.0.0 Safari/537.36 Edg/137.0.3296.62`, 'desktop', 'Edge', '137.0.3296', 'Windows 10'],
    [`${WINDOWS} Chrome/134.0.0.0 Safari/537.36 OPR/119.0.0.0`, 'desktop', 'Opera', '119', 'Windows 10'],
    ['Mozilla/5.0 (Windows NT 6.1; WOW64; rv:52.0) Gecko/20100101 Firefox/52.0', 'desktop', 'Firefox', '52', 'Windows 7'],
    ['Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko', 'desktop', 'Internet Explorer', '11', 'Windows 10'],
    [`${MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15`, 'desktop', 'Safari', '18.5', 'macOS'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:139.0) Gecko/20100101 Firefox/139.0', 'desktop', 'Firefox', '139', 'macOS'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.77 Safari/537.36',
      'desktop',
      'Chrome',
      '70.0.3538',
      'macOS 10.11',
    ],
    ['Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0', 'desktop', 'Firefox', '139', 'Linux'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36 Vivaldi/7.4.3684.38',
      'desktop',
      'Vivaldi',
      '7.4.3684',
      'Linux',
    ],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36',
      'desktop',
      'Chrome',
      '137',
      'Chrome OS',
    ],
    [`${IPHONE} Version/18.5 Mobile/15E148 Safari/604.1`, 'mobile', 'Safari', '18.5', 'iOS 18.5'],
    [`${IPHONE} CriOS/137.0.7151.51 Mobile/15E148 Safari/604.1`, 'mobile', 'Chrome', '137.0.7151', 'iOS 18.5'],
    [`${IPHONE} Version/17.0 EdgiOS/136.0.3240.91 Mobile/15E148 Safari/605.1.15`, 'mobile', 'Edge', '136.0.3240', 'iOS 18.5'],
    [`${IPHONE} GSA/370.0.762543316 Mobile/15E148 Safari/604.1`, 'mobile', 'Google App', '370.0.762543316', 'iOS 18.5'],
    [
      'Mozilla/5.0 (iPad; CPU OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15',
      'tablet',
      'Firefox',
      '127',
      'iOS 17.6',
    ],
    [`${ANDROID} Chrome/137.0.0.0 Mobile Safari/537.36`, 'mobile', 'Chrome', '137', 'Android'],
    [`${ANDROID} Chrome/137.0.0.0 Safari/537.36`, 'tablet', 'Chrome', '137', 'Android'],
    [
      'Mozilla/5.0 (Linux; Android 10; SM-G960F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.99 Mobile Safari/537.36',
      'mobile',
      'Chrome',
      '86.0.4240',
      'Android 10',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36',
      'mobile',
      'Samsung Internet',
      '25',
      'Android 14',
    ],
    ['Mozilla/5.0 (Android 14; Mobile; rv:139.0) Gecko/139.0 Firefox/139.0', 'mobile', 'Firefox', '139', 'Android 14'],
    [
      'Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36',
      'tv',
      'Tizen',
      '',
      'Tizen 6',
    ],
    [
      'Mozilla/5.0 (PlayStation; PlayStation 5/8.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15',
      '',
      'Safari',
      '15.4',
      '',
    ],
  ])('%s', (userAgent, deviceType, browser, browserVersion, os) => {
    expect(reader.read(userAgent)).toMatchObject({ deviceType, browser, browserVersion, os, bot: { declared: false } });
  });

  it.each([
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', '', ''],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36', 'Chrome', 'Linux'],
    ['curl/8.5.0', '', ''],
    ['something else', '', ''],
    ['', '', ''],
  ])('of programs: %j', (userAgent, browser, os) => {
    expect(reader.read(userAgent)).toMatchObject({ deviceType: 'bot', browser, os, bot: { declared: true } });
  });
});

describe('Client Hints', () => {
  const hinted = (userAgent: string, headers: Record<string, string>): string => {
    const { deviceType, browser, browserVersion, os } = reader.read(userAgent, headers);
    return [deviceType, browser, browserVersion, os].join(' | ');
  };
  const google = '"Google Chrome";v="137", "Chromium";v="137", "Not/A)Brand";v="24"';
  const full = '"Google Chrome";v="137.0.7151.55", "Chromium";v="137.0.7151.55", "Not/A)Brand";v="24.0.0.0"';

  it.each([
    [
      'Windows 11',
      CHROME,
      { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': '"15.0.0"' },
      'desktop | Chrome | 137 | Windows 11',
    ],
    [
      'Windows 10',
      CHROME,
      { 'sec-ch-ua-platform': '"Windows"', 'sec-ch-ua-platform-version': '"10.0.0"' },
      'desktop | Chrome | 137 | Windows 10',
    ],
    [
      'no version',
      CHROME,
      { 'sec-ch-ua': google, 'sec-ch-ua-mobile': '?0', 'sec-ch-ua-platform': '"Windows"' },
      'desktop | Chrome | 137 | Windows 10',
    ],
    ['full versions', CHROME, { 'sec-ch-ua': google, 'sec-ch-ua-full-version-list': full }, 'desktop | Chrome | 137.0.7151 | Windows 10'],
    ['Brave', CHROME, { 'sec-ch-ua': '"Brave";v="137", "Chromium";v="137"' }, 'desktop | Brave | 137 | Windows 10'],
    [
      'macOS',
      `${MAC} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36`,
      { 'sec-ch-ua-platform': '"macOS"', 'sec-ch-ua-platform-version': '"15.5.0"' },
      'desktop | Chrome | 137 | macOS 15.5',
    ],
    [
      'Android phone',
      `${ANDROID} Chrome/137.0.0.0 Mobile Safari/537.36`,
      {
        'sec-ch-ua-mobile': '?1',
        'sec-ch-ua-platform': '"Android"',
        'sec-ch-ua-platform-version': '"15.0.0"',
        'sec-ch-ua-model': '"Pixel 9"',
      },
      'mobile | Chrome | 137 | Android 15',
    ],
    [
      'Android tablet that says it is no phone',
      `${ANDROID} Chrome/137.0.0.0 Mobile Safari/537.36`,
      { 'sec-ch-ua-mobile': '?0', 'sec-ch-ua-platform': '"Android"', 'sec-ch-ua-platform-version': '"15"' },
      'tablet | Chrome | 137 | Android 15',
    ],
    [
      'Linux',
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36',
      { 'sec-ch-ua-platform': '"Linux"', 'sec-ch-ua-platform-version': '"6.8.0"' },
      'desktop | Chrome | 137 | Linux',
    ],
    [
      'what is no hint',
      CHROME,
      { 'sec-ch-ua': 'x', 'sec-ch-ua-mobile': 'maybe', 'sec-ch-ua-platform-version': '"x"' },
      'desktop | Chrome | 137 | Windows 10',
    ],
  ])('%s', (_, userAgent, headers, expected) => {
    expect(hinted(userAgent, headers)).toBe(expected);
  });

  it('are read as they were sent', () => {
    expect(
      readClientHints({ 'sec-ch-ua': google, 'sec-ch-ua-mobile': '?0', 'sec-ch-ua-platform': '"Chrome OS"', 'sec-ch-ua-model': '"a\\"b"' }),
    ).toEqual({
      brands: [
        { brand: 'Google Chrome', version: '137' },
        { brand: 'Chromium', version: '137' },
        { brand: 'Not/A)Brand', version: '24' },
      ],
      mobile: false,
      platform: 'Chrome OS',
      platformVersion: '',
      model: 'a"b',
    });
    expect(readClientHints({ 'user-agent': CHROME })).toBeUndefined();
  });
});

describe('the reader', () => {
  it('remembers a user agent with its hints, and tells different hints apart', () => {
    const own = new UserAgentReader();
    const first = own.read(CHROME);
    expect(own.read(CHROME)).toBe(first);
    expect(own.read(CHROME, { accept: '*/*' })).toBe(first);
    expect(own.read(CHROME, { 'sec-ch-ua': '"Brave";v="137"' })).not.toBe(first);
    own.clear();
    expect(own.read(CHROME)).not.toBe(first);
    expect(own.read(CHROME)).toEqual(first);
  });

  it('reads any text and any hints, as long as they may be, the same way twice', () => {
    const text = fc.string({ maxLength: 100 });
    const long = fc
      .tuple(fc.constantFrom('Mozilla/5.0 (', 'Chrome/1.', '((((', ' ', '0_'), fc.integer({ min: 0, max: 5_000 }))
      .map(([part, times]) => part.repeat(times).slice(0, 20_000));
    const hints = fc.record(
      { 'sec-ch-ua': text, 'sec-ch-ua-platform': text, 'sec-ch-ua-platform-version': text, 'sec-ch-ua-mobile': text },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(text, long), hints, (userAgent, headers) => {
        expect(new UserAgentReader().read(userAgent, headers)).toEqual(new UserAgentReader().read(userAgent, headers));
      }),
    );
  });
});
