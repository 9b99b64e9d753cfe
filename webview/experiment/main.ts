/** Entry of the page of an experiment. */
import { connectEditor } from '../ui/editorHost.ts';
import { mountExperiment } from './mount.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no place for the experiment.');
const host = connectEditor((message) => experiment.receive(message));
const experiment = mountExperiment(root, host);
host.ready();
