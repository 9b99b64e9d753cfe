/** Entry of the run dashboard's page. */
import { connectEditor } from '../ui/editorHost.ts';
import { mountDashboard } from './mount.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no place for the dashboard.');
const host = connectEditor((message) => dashboard.receive(message));
const dashboard = mountDashboard(root, host);
host.ready();
