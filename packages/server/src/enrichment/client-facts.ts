/** What is known of the client that made a request, from its user agent, Client Hints and address. Absent texts are empty. */
export interface ClientFacts {
  /** `bot` for every client that declares a program, whatever device it imitates. */
  readonly deviceType: 'desktop' | 'mobile' | 'tablet' | 'tv' | 'bot' | '';
  /** One name for a browser on all systems: `Chrome`, `Edge`, `Samsung Internet`. */
  readonly browser: string;
  /** `137.0.7151` or as much of it as is known; zeros that only fill up are left out. */
  readonly browserVersion: string;
  /**
   * Name and version: `Windows 11`, `iOS 18.5`. The name alone where browsers have frozen the version they send (macOS since
   * 11, Android of reduced user agents); `Windows 10` also of Windows 11 unless Client Hints tell them apart.
   */
  readonly os: string;
  /** First language asked for, as a BCP 47 tag: `de-AT`. */
  readonly locale: string;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string;
  /** Name of the first subdivision, in English; empty with a database of countries. */
  readonly region: string;
  /** Name in English; empty likewise. */
  readonly city: string;
  /** Autonomous system of the address; 0 when unknown. */
  readonly asn: number;
  /** Organisation of the autonomous system. */
  readonly network: string;
  /** Does the network belong to a hosting provider? People come from one through a VPN only. */
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
