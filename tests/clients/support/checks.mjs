// What the clients for Node.js share: tests that run one after another, closed by the line that
// the runner reads.
const tests = [];
const PATIENCE_MS = 60_000;

export function test(name, body) {
  tests.push({ name, body });
}

async function within(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done in ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Runs all tests and ends the process.
export async function finish() {
  let failed = 0;
  for (const { name, body } of tests) {
    try {
      await within(body());
      console.log(`ok    ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}\n${error.stack}`);
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 && tests.length > 0 ? 0 : 1);
}
