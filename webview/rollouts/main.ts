/** Entry of the rollout explorer's page. */
import { connectEditor } from '../ui/editorHost.ts';
import { mountExplorer } from './mount.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no place for the explorer.');
const host = connectEditor((message) => explorer.receive(message));
const explorer = mountExplorer(root, host);
host.ready();
