/** User agents of current browsers, the frequent ones more than once. */
export const USER_AGENTS: readonly string[] = [
  ...chrome('Windows NT 10.0; Win64; x64', ['141', '141', '140', '139']),
  ...chrome('Macintosh; Intel Mac OS X 10_15_7', ['141', '140']),
  ...chrome('X11; Linux x86_64', ['141', '138']),
  ...['141', '141', '140'].map((major) => mobileChrome('Linux; Android 10; K', major)),
  mobileChrome('Linux; Android 15; Pixel 9', '141'),
  ...['18_6', '18_5', '18_3', '17_7'].map((version) => mobileSafari('iPhone; CPU iPhone OS', version)),
  mobileSafari('iPad; CPU OS', '18_6'),
  ...['18.6', '18.5', '17.6'].map(
    (version) =>
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version} Safari/605.1.15`,
  ),
  ...['Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10.15', 'X11; Ubuntu; Linux x86_64'].flatMap((system) =>
    ['143', '142', '140'].map((major) => `Mozilla/5.0 (${system}; rv:${major}.0) Gecko/20100101 Firefox/${major}.0`),
  ),
  ...['141', '140'].map(
    (major) =>
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36 Edg/${major}.0.0.0`,
  ),
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
];

/** What a machine shows that was not updated for years. */
export const OLD_USER_AGENT =
  'Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36';

function chrome(system: string, majors: readonly string[]): string[] {
  return majors.map((major) => `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`);
}

function mobileChrome(system: string, major: string): string {
  return `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Mobile Safari/537.36`;
}

function mobileSafari(system: string, version: string): string {
  return `Mozilla/5.0 (${system} ${version} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${version.replace('_', '.')} Mobile/15E148 Safari/604.1`;
}
