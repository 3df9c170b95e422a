'use strict';
// Writes one JSON object a line for each check, so that the Go test can name it.

module.exports = async function* report(source) {
  for await (const { type, data } of source) {
    if (type === 'test:stderr' || type === 'test:stdout') {
      yield `${JSON.stringify({ log: data.message })}\n`;
    }
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details?.type === 'suite') continue;
    const error = data.details?.error;
    yield `${JSON.stringify({
      name: data.name,
      passed: type === 'test:pass',
      skipped: data.skip !== undefined || data.todo !== undefined,
      seconds: (data.details?.duration_ms ?? 0) / 1000,
      error: error ? String(error.cause?.stack ?? error.cause ?? error.stack ?? error) : '',
    })}\n`;
  }
};
