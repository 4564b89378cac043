// Starts the issuer binary with a configuration, and ends it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import './names.mjs';

const binary = process.env.ISSUER;
// How long the issuer may take to answer its first request, in milliseconds. It makes an RSA key first.
const START = 20_000;

export function hashPassword(password) {
  const { stdout, stderr, status } = spawnSync(binary, ['hash-password'], { input: `${password}\n`, encoding: 'utf8' });
  if (status !== 0) throw new Error(`hash-password: ${stderr}`);
  return stdout.trim();
}

// What scripts/peers/NAME/start wrote down about a peer.
export function peer(name) {
  const file = join(process.env.PEERS_DIR, name, 'env');
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

// Serves `config` (written as JSON, which is YAML) until `stop` is called.
export async function startIssuer(config) {
  const folder = mkdtempSync(join(tmpdir(), 'issuer-'));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify(config, null, 2));
  const child = spawn(binary, ['serve', file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      log += data;
    });
  }
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const discovery = `${config.issuer}/.well-known/openid-configuration`;
  const deadline = Date.now() + START;
  for (;;) {
    const answer = await fetch(discovery).catch(() => undefined);
    if (answer?.ok) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      kill();
      throw new Error(`the issuer does not answer at ${discovery}:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: config.issuer,
    log: () => log,
    // Asks it to stop, and says how it ended.
    async stop() {
      child.kill('SIGTERM');
      const code = await ended;
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}
