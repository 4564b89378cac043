// A headless Chromium that knows *.test, and what every page must satisfy.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// The widths at which every page is looked at: a phone and a desktop window.
const VIEWPORTS = [
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
];

export const screenshots = process.env.SCREENSHOTS ?? 'target/screenshots';

// A home folder whose certificate store trusts the test CA, so that the browser verifies like anybody's.
function homeThatTrusts(ca) {
  const home = mkdtempSync(join(tmpdir(), 'chromium-home-'));
  const store = join(home, '.pki', 'nssdb');
  mkdirSync(store, { recursive: true });
  for (const args of [['-N', '--empty-password'], ['-A', '-n', 'test CA', '-t', 'C,,', '-i', ca]]) {
    execFileSync('certutil', ['-d', `sql:${store}`, ...args]);
  }
  process.on('exit', () => rmSync(home, { recursive: true, force: true }));
  return home;
}

// Launches the system's Chromium; every *.test name is this machine, and CA_FILE is trusted if it is set.
export async function launch() {
  const home = process.env.CA_FILE ? { HOME: homeThatTrusts(process.env.CA_FILE) } : {};
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    env: { ...process.env, ...home },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP *.test 127.0.0.1',
    ],
  });
}

// Takes a picture at both widths and returns what is wrong with the page: axe's violations, sideways scroll.
export async function inspect(page, name) {
  mkdirSync(screenshots, { recursive: true });
  const before = page.viewportSize();
  const problems = [];
  for (const viewport of VIEWPORTS) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: join(screenshots, `${name}-${viewport.width}.png`) });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) problems.push(`${name} at ${viewport.width} px scrolls ${overflow} px sideways`);
    // Sent through the debugger, so the page's own policy stays as strict as it is.
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    for (const violation of violations) {
      const nodes = violation.nodes.map((node) => node.html).join(' | ');
      problems.push(`${name} at ${viewport.width} px: ${violation.id}: ${violation.help}: ${nodes}`);
    }
  }
  if (before) await page.setViewportSize(before);
  return problems;
}
