/** In a trusted workspace with a run in its store: activation, commands, trees, documents. */
import './activation.ts';
import './commands.ts';
import './trees.ts';
import './failureDocument.ts';
import './reports.ts';
