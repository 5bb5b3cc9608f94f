/** Addresses that are reserved for documentation, as a table of networks: two of people, one that rents machines out. */
export const NETWORK_TABLE = [
  '192.0.2.0,192.0.2.255,64496,Example Hosting',
  '198.51.100.0,198.51.100.255,64497,Example Telecom',
  '203.0.113.0,203.0.113.255,64498,Example Mobile',
  '2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64497,Example Telecom',
  '',
].join('\n');

const HOSTING = '192.0.2.';

/** An address of a machine that is rented out. */
export function hostingAddress(machine: number): string {
  return `${HOSTING}${machine}`;
}

/** Is it one? */
export function isHostingAddress(ip: string): boolean {
  return ip.startsWith(HOSTING);
}
