// Draws what a terminal shows as SVG: `COMMAND | node scripts/draw-terminal.mjs "COMMAND AS TYPED" > picture.svg`.
// Knows the marks the CLI uses: bold, dim, red, cyan.
import { readFileSync } from 'node:fs';

const CHARACTER_PX = 7.8;
const LINE_PX = 18;
const MARGIN_PX = 16;
const CLASSES = { 1: 'bold', 2: 'dim', 31: 'red', 36: 'cyan' };

const text = readFileSync(0, 'utf8').replace(/\r/g, '').trimEnd();
const lines = [`\u001b[2m$\u001b[0m \u001b[1m${process.argv[2] ?? ''}\u001b[0m`, ...text.split('\n')];
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the marks of a terminal
const MARK = /\u001b\[([\d;]*)m/;
const columns = Math.max(...lines.map((line) => line.replace(new RegExp(MARK, 'g'), '').length));
const width = Math.ceil(columns * CHARACTER_PX + 2 * MARGIN_PX);
const height = lines.length * LINE_PX + 2 * MARGIN_PX;

console.log(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${process.argv[2]}</title>
<style>text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d7dae0;white-space:pre}.bold{font-weight:600;fill:#fff}.dim{fill:#8b929e}.red{fill:#ff7b72}.cyan{fill:#56d4dd}</style>
<rect width="100%" height="100%" rx="8" fill="#14181f"/>
${lines.map((line, index) => `<text x="${MARGIN_PX}" y="${MARGIN_PX + 13 + index * LINE_PX}" xml:space="preserve">${spans(line)}</text>`).join('\n')}
</svg>`);

function spans(line) {
  let classes = new Set();
  return line
    .split(new RegExp(MARK, 'g'))
    .map((part, index) => {
      if (index % 2 === 0) {
        const escaped = part.replace(/&/g, '&amp;').replace(/</g, '&lt;');
        return part === '' || classes.size === 0 ? escaped : `<tspan class="${[...classes].join(' ')}">${escaped}</tspan>`;
      }
      for (const code of part.split(';')) {
        if (code === '0' || code === '' || code === '22' || code === '39') classes = new Set();
        else if (CLASSES[code] !== undefined) classes.add(CLASSES[code]);
      }
      return '';
    })
    .join('');
}
