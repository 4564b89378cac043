// Every *.test name is this machine, in this Node process as in the browser.
import dns from 'node:dns';
import net from 'node:net';

const { lookup } = dns;
dns.lookup = (hostname, options, callback) =>
  lookup(hostname.endsWith('.test') ? '127.0.0.1' : hostname, options, callback);

// A port that nobody listens on now.
export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
