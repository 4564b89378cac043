// Every *.test name is this machine, in this Node process as in the browser.
import dns from 'node:dns';
import net from 'node:net';

const address = (hostname) => (hostname.endsWith('.test') ? '127.0.0.1' : hostname);
const { lookup } = dns;
const { lookup: lookupPromise } = dns.promises;
dns.lookup = (hostname, options, callback) => lookup(address(hostname), options, callback);
// playwright's own requests take this one.
dns.promises.lookup = (hostname, options) => lookupPromise(address(hostname), options);

// A port that nobody listens on now.
export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
