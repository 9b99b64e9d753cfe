#!/usr/bin/env node
/** Entry of the command line: `critique-grpo`. */
import { fileURLToPath } from 'node:url';
import { main } from './cli/main.ts';

// In dist/ the bundles lie side by side; the demonstration is in media/ beside dist/.
const built = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

process.setSourceMapsEnabled(true);
process.exitCode = await main(process.argv, {
  entries: { engine: built('engine.js'), grader: built('grader.js') },
  demoFolder: built('../media/demo'),
  packageFile: built('../package.json'),
});
