/** What is known of the client that made a request, from its user agent, Client Hints and address. Absent texts are empty. */
export interface ClientFacts {
  readonly deviceType: 'desktop' | 'mobile' | 'tablet' | 'tv' | 'bot' | '';
  readonly browser: string;
  /** `137.0.7151` or as much of it as is known. */
  readonly browserVersion: string;
  /** Name and version: `Windows 11`, `iOS 18.5`. */
  readonly os: string;
  /** First language asked for, as a BCP 47 tag: `de-AT`. */
  readonly locale: string;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string;
  readonly region: string;
  readonly city: string;
  /** Autonomous system of the address; 0 when unknown. */
  readonly asn: number;
  /** Organisation of the autonomous system. */
  readonly network: string;
  /** Does the address belong to a hosting provider? */
  readonly hosting: boolean;
  readonly bot: BotIdentity;
}

/** What a user agent says of itself, or fails to say. */
export interface BotIdentity {
  /** Does the user agent declare a program, or is it missing? AI crawlers included. */
  readonly declared: boolean;
  /** `GPTBot`, `Googlebot`; empty for people and for programs without a known name. */
  readonly name: string;
  /** `search-engine`, `seo`, `monitoring`, `ai-crawler`, ... of the crawler list, or `other`; empty for people. */
  readonly category: string;
  /** Who runs it: `OpenAI`, `Google`; empty when not known. */
  readonly vendor: string;
  /** What an AI crawler comes for; empty for all others. */
  readonly purpose: '' | 'training' | 'search' | 'user-fetch' | 'agent';
}
