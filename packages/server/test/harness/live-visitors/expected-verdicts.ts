import type { Programs } from './programs.js';
import type { Visitor } from './visitor.js';

/** The traffic class that is right for each kind of visitor. */
export const CLASSES: Readonly<Record<Visitor['kind'], string>> = {
  person: 'human',
  crawler: 'behavioral_bot',
  scripted_browser: 'behavioral_bot',
  search_engine: 'bot',
  ai_crawler: 'ai_crawler',
  scanner: 'scanner',
};

/** What is said of a program, and with which reasons. */
export interface ExpectedVerdict {
  readonly name: keyof Programs;
  /** Least and greatest score of the seven signals, by the profile that throttles: who is blocked sooner shows less. */
  readonly classicScore: Readonly<Record<'classic' | 'layered', readonly [number, number]>>;
  /** Least score of all layers together. */
  readonly layeredScore: number;
  /** Parts of the sentences, each with a measured value or the name of what was found. */
  readonly sentences: readonly string[];
  /** Those that are said as well when the seven signals throttle. */
  readonly classicSentences: readonly string[];
}

/** The programs in the order in which they come. */
export const EXPECTED_VERDICTS: readonly ExpectedVerdict[] = [
  {
    name: 'searchEngine',
    classicScore: { classic: [90, 125], layered: [90, 125] },
    layeredScore: 99,
    sentences: [
      'declares Googlebot (search-engine)',
      'The session made 182 page requests',
      'made for programs, such as robots.txt, 2 times',
      'No image, style or script was loaded in 184 requests',
    ],
    classicSentences: [],
  },
  {
    name: 'crawler',
    classicScore: { classic: [50, 50], layered: [35, 75] },
    layeredScore: 95,
    sentences: [
      'page views came in sorted order',
      'pages a minute; up to 5 are usual',
      'No image, style or script was loaded in',
      'named the page it came from',
      'The typical gap is 1.0 s',
      'a hosting provider (Example Hosting)',
    ],
    classicSentences: [],
  },
  {
    // The layers find it sooner; the seven signals find it when it has asked for more pages than is usual.
    name: 'scriptedBrowser',
    classicScore: { classic: [65, 65], layered: [20, 65] },
    layeredScore: 50,
    sentences: ['page views came in sorted order', 'The gaps between page views vary by 0.01', 'of pages seen before'],
    classicSentences: ['page requests; up to 50 are usual'],
  },
  {
    name: 'scanner',
    classicScore: { classic: [0, 0], layered: [0, 0] },
    layeredScore: 99,
    sentences: ['It looks for weaknesses of the site', 'for what only scanners ask for', 'It saw no page in'],
    classicSentences: [],
  },
  {
    name: 'aiCrawler',
    classicScore: { classic: [0, 0], layered: [0, 0] },
    layeredScore: 99,
    sentences: ['GPTBot of OpenAI, an AI crawler that comes for training', 'made for programs, such as robots.txt, 1 time'],
    classicSentences: ['No image, style or script was loaded in 21 requests'],
  },
];
