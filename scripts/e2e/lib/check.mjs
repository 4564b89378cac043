// A test runner of a few lines: names, one line each, a count at the end, exit code 1 after a failure.
import assert from 'node:assert/strict';

export const check = {
  equal: assert.deepEqual,
  ok: assert.ok,
  match: assert.match,
  rejects: assert.rejects,
};

// How long one test may take, in milliseconds.
const TIMEOUT = 90_000;

// Runs all tests, in order. `log` tells what the issuer said, to be shown after a failure.
export async function run(tests, log = () => '') {
  let failed = 0;
  let seen = 0;
  for (const [name, test] of tests) {
    const started = Date.now();
    seen = log().length;
    let timer;
    try {
      const timeout = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`took longer than ${TIMEOUT} ms`)), TIMEOUT);
      });
      await Promise.race([test(check), timeout]);
      console.log(`ok      ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack ?? error}\n${log().slice(seen)}`);
    } finally {
      clearTimeout(timer);
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
