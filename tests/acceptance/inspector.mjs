// The MCP Inspector, driven by `run`: a command a line in, an answer a line out. Each command is a
// process: `--cli` connects anew, and mcpdo of the same package, for `held`, keeps a connection.

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const target = JSON.parse(process.argv[2]);
const inspector = join(import.meta.dirname, 'node_modules/@modelcontextprotocol/inspector');
const { version } = JSON.parse(readFileSync(join(inspector, 'package.json')));
const era = { '2025-11-25': 'legacy', '2026-07-28': 'modern', auto: 'auto' }[target.revision];
const say = (message) => console.log(JSON.stringify(message));

const daemon = mkdtempSync(join(tmpdir(), 'mcpdo-'));
const env = {
  ...process.env,
  MCP_INSPECTOR_SECRET_STORE: 'memory',
  MCP_INSPECTOR_DAEMON_DIR: daemon,
  MCP_INSPECTOR_DAEMON_TOKEN: randomUUID(),
};

/** Standard output holds the result, also of a tool that failed; standard error what went wrong. */
function run(script, args) {
  const settings = { env, encoding: 'utf8', timeout: 30_000, maxBuffer: 1 << 26 };
  const done = spawnSync(process.execPath, [join(inspector, script), ...args], settings);
  if (done.stdout) return { result: JSON.parse(done.stdout) };
  const envelope = done.stderr.split('\n').find((line) => line.startsWith('{"error"'));
  return envelope ? JSON.parse(envelope) : { error: { code: done.status, message: done.stderr } };
}

function cli(method, ...args) {
  const where = target.command ?? ['--server-url', target.url, '--stored-auth-only'];
  if (target.token) args.push('--header', `Authorization: Bearer ${target.token}`);
  const how = ['--protocol-era', era, '--format', 'json', '-q', '--method', method];
  const done = run('clients/launcher/build/index.js', ['--cli', ...where, ...how, ...args]);
  return done.error ? done : done.result;
}

const mcpdo = (...args) => run('clients/mcpdo/build/mcp-bin.js', ['--format', 'json', ...args]);
const held = (...args) => mcpdo('--connection', 'acceptance', ...args);

function connect() {
  if (!target.held) return cli('initialize');
  const { error } = held('connect', '--era', era, '--', ...target.command);
  return error ? { error } : held('connections/show');
}

function answer({ tool, arguments: args }) {
  if (!tool) return target.held ? held('tools/list') : cli('tools/list');
  if (target.held) return held('tools/call', tool, JSON.stringify(args));
  return cli('tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(args));
}

try {
  const { result, error } = connect();
  if (error) throw new Error(error.message);
  const client = target.held ? 'Inspector mcpdo' : 'Inspector --cli';
  say({ client, version, revision: result.protocolVersion });
  for await (const line of createInterface({ input: process.stdin })) say(answer(JSON.parse(line)));
} finally {
  if (target.held) mcpdo('daemon', 'stop');
  rmSync(daemon, { recursive: true, force: true });
}
