/**
 * Autonomous systems of well-known operators that rent machines out to programs. Each number was looked up under the name of
 * its operator in the registries' data of June 2026. Operators whose registered name says what they do are left to
 * {@link HOSTING_NAME}.
 */
const HOSTING_SYSTEMS: Readonly<Record<string, string>> = {
  Amazon: '801 7224 8987 9059 14618 16509 21664 36263 38895 62785 135630 214101 400098 401395',
  Google: '15169 19527 139070 139190 214609 214611 396982',
  Microsoft: '3598 5761 8068 8069 8070 8071 8075 12076 17144 30520 46182 54396 63314',
  Oracle: '6142 14544 20054 31898 33517 46558 54253 64102 393773',
  IBM: '36351',
  Alibaba: '24429 37963 45102 134963',
  Tencent: '45090 132203 132591 133478 137876 139341',
  Huawei: '55990 63727 131444 136907 141180 149167 151610 200756 206204 206798 265443',
  Baidu: '38365 38627 55967 63288 133746 199506',
  ByteDance: '138699 150436 396986',
  DigitalOcean: '14061 46652 393406',
  OVH: '16276 35540',
  Hetzner: '24940 212317 213230 215859',
  Linode: '48337 63949',
  Vultr: '11508 20473 46407 54094 400958',
  Scaleway: '12876 29447 54265 202023',
  Contabo: '40021 51167 141995',
  Leaseweb:
    '7203 16265 19148 27411 28753 30633 32613 38930 59253 60626 60781 133752 134351 136988 205544 393886 394380 395954 396190 396362',
  IONOS: '8560 15418 54548',
  netcup: '197540 214996',
  Strato: '6724',
  'Host Europe': '5521 6659 8972 20621 20773 21499 21501 25074 34011 34088 34440 44273 60253 61157 62087',
  GoDaddy: '26496 31815 397514 397515 397519 398101 398105 398108 398109 398110 398786 398787 400754',
  Hostinger: '47583 204915',
  Namecheap: '22612',
  Newfold: '29873 46606',
  DreamHost: '26347',
  'Equinix Metal': '54825',
  Hivelocity: '29802 61317',
  HostPapa: '9115 11989 23273 36352 40092 54290',
  HostRoyale: '39486 44144 46516 133499 134450 203020 204287 207990',
  HostHatch: '63473',
  HostSlim: '207083',
  Hostkey: '50867 57043 395839',
  HostUS: '7489',
  Interserver: '19318 26666',
  'Liquid Web': '32244 36444 40819 53824 201682 202521',
  M247: '9009 16247 33970 42973 51332',
  Datacamp: '60068 211612 212238',
  QuadraNet: '8100',
  Psychz: '40676 63993 328153',
  Sharktech: '46844',
  FranTech: '53667',
  Zenlayer: '4229 21859 29752 38854 59798 62610 139625 274778 393502',
  UpCloud: '25697 202053',
  Exoscale: '61098',
  Infomaniak: '29222',
  Aruba: '31034 199653 199883 200185 202613 205727 213224',
  Seeweb: '12637',
  Gandi: '29169 203476 209453',
  Ikoula: '21409',
  o2switch: '50474',
  PlanetHoster: '53589',
  alwaysdata: '60362',
  WorldStream: '8315 25525 28836 49981 214313 265825',
  Serverius: '50673 208685 211895',
  NForce: '43350 64437',
  Selectel: '49505 50340 61976 198652',
  Timeweb: '9123 51789 204427 210976',
  'Reg.ru': '39561 49352 197695',
  Beget: '198610 213533',
  'G-Core Labs': '59245 199524 202422 210559',
  'Limestone Networks': '46475',
  Aeza: '210644 216246',
  Kamatera: '36007 41436 54913 64022 204548 210329 215728 396948 396949',
  'Fly.io': '40509',
  Render: '397273',
  Railway: '400940',
  Latitude: '262287 396356',
  'SAKURA Internet': '7684 9370 9371 55897 131633',
  'GMO Internet': '7506 55907 58649 58651 58791 59349 131392 135161',
  Xserver: '131965',
  KAGOYA: '24282',
  UCloud: '59077 135377 139327',
  'JD Cloud': '131486 137753 137787',
  CoreWeave: '33425',
  Crusoe: '26356 399507 401405',
  Nebius: '53428 200632 203326 210560 211318 213291 214415 401712 402167',
  Eonix: '30693 49532 62904',
  FDCservers: '30058',
  Clouvider: '62240 202791 206136 207019 207158 214578 401881',
  Deft: '23352',
  tzulo: '11878',
  'WholeSale Internet': '32097 33387',
  IPXO: '834',
  DediPath: '35913',
  Keyweb: '24676 31103',
  manitu: '34240',
  'Neue Medien München': '34788',
  myLoc: '15960 39519 41412 42263 205411',
  webgo: '48324',
  GleSYS: '35382 42708 43948 49282 62131',
  'one.com': '51468 197495',
  Loopia: '39570 41528 215836',
  Domeneshop: '12996 208045',
  Hostpoint: '29097',
  METANET: '21069',
  cyon: '47302',
  Shinjiru: '45839',
  Exabytes: '38532 136170',
  AZDIGI: '63760',
  Voxility: '3223 39743',
  'DDoS-Guard': '49612 57724',
  StormWall: '59796',
  'Path Network': '30644 396998',
  'Cosmic Global Networks': '30456',
  UKFast: '61323',
  AlexHost: '200019',
  Zomro: '204601',
  Ultahost: '44259 214036 398256',
  Memset: '50957',
  MEVSPACE: '201814',
  '20i': '48254',
  PebbleHost: '201002 212027',
  FlokiNET: '200651',
  'Mythic Beasts': '44684',
  Pfcloud: '51396',
  '1984': '44925',
  Privex: '210083',
};

const HOSTING_NUMBERS: ReadonlySet<number> = new Set(Object.values(HOSTING_SYSTEMS).flatMap((numbers) => numbers.split(' ').map(Number)));

/**
 * Networks through which people browse although their names or operators suggest otherwise: the exits of iCloud Private
 * Relay and WARP (Cloudflare, Fastly, Akamai), the proxies of companies (Zscaler), public wireless networks (The Cloud).
 */
const PEOPLE_NUMBERS: ReadonlySet<number> = new Set([
  13335, 14789, 132892, 202623, 209242, 395747, 54113, 16625, 20940, 36183, 22616, 53813, 62044, 41012,
]);

/** Words that stand in the names of those who rent machines out. Whole words, so that `Cloudflare` is no cloud. */
const HOSTING_NAME =
  /\b(?:hosting|hoster|web ?host|clouds?|vps|vds|servers?|data ?cent(?:er|re)s?|colo|colocation|rackspace|hetzner|ovh|bare ?metal)\b/i;

/**
 * Does a network belong to a hosting provider, by its number or by the name of its organisation? Far from every address
 * there is a program's: people come through a VPN.
 */
export function isHostingNetwork(asn: number, organisation: string): boolean {
  if (asn === 0 || PEOPLE_NUMBERS.has(asn)) return false;
  return HOSTING_NUMBERS.has(asn) || HOSTING_NAME.test(organisation);
}
