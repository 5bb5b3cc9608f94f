import { Agent, request } from 'node:http';

/**
 * Sends bodies over a number of connections, each sending its next when it has its answer, and measures.
 *
 * @param {string} url
 * @param {readonly { body: Buffer, type: string }[]} requests
 * @param {number} connections
 * @returns seconds for all of them, and the latency of each in milliseconds, sorted
 */
export async function sendAll(url, requests, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies = new Float64Array(requests.length);
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < requests.length) {
        const index = next++;
        const sent = performance.now();
        await post(url, requests[index], agent);
        latencies[index] = performance.now() - sent;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  return { seconds, latencies: latencies.sort() };
}

export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function post(url, { body, type }, agent) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-type': type, 'content-length': body.length } }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
