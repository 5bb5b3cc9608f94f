const RANGES_MAX = 50;

/**
 * The language a client wants most, of an `Accept-Language` header or a single language tag: the highest quality, of equal
 * ones the first. As a BCP 47 tag of language, script, region and variants in their usual case (`de-AT`, `zh-Hant-TW`);
 * extensions are left out. Empty when none is named.
 */
export function readLocale(acceptLanguage: string): string {
  if (acceptLanguage === '') return '';
  let best = '';
  let bestQuality = 0;
  for (const range of acceptLanguage.split(',', RANGES_MAX)) {
    const [tag = '', ...parameters] = range.split(';');
    const quality = readQuality(parameters);
    if (quality <= bestQuality) continue;
    const locale = canonicalTag(tag.trim());
    if (locale === '') continue;
    best = locale;
    bestQuality = quality;
  }
  return best;
}

/** RFC 9110, 12.4.2; what is no quality is 0, so that a malformed range is not preferred. */
function readQuality(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(parameter) ?? [];
    if (name.toLowerCase() === 'q') return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(value) ? Number(value) : 0;
  }
  return 1;
}

/** RFC 5646, 2.1 and 2.1.1: language, extended languages, script, region, variants. */
function canonicalTag(tag: string): string {
  const parts =
    /^([a-z]{2,8})((?:[-_][a-z]{3}){0,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?((?:[-_](?:[a-z\d]{5,8}|\d[a-z\d]{3}))*)(?:[-_][a-z\d](?:[-_][a-z\d]{1,8})+)*$/i.exec(
      tag,
    );
  if (parts === null) return '';
  const [, language = '', extended = '', script = '', region = '', variants = ''] = parts;
  return [
    language.toLowerCase() + extended.toLowerCase().replaceAll('_', '-'),
    script.charAt(0).toUpperCase() + script.slice(1).toLowerCase(),
    region.toUpperCase(),
    variants.slice(1).toLowerCase().replaceAll('_', '-'),
  ]
    .filter((part) => part !== '')
    .join('-');
}
