/** Written into the data folder by a running server, readable by its owner only: where it is, and a key for the CLI. */
export const SERVER_FILE = 'server.json';
