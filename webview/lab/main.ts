/** Entry of the page that compares critics. */
import { connectEditor } from '../ui/editorHost.ts';
import { mountLab } from './mount.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no place for the comparison.');
const host = connectEditor((message) => lab.receive(message));
const lab = mountLab(root, host);
host.ready();
