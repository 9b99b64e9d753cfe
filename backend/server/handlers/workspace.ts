/** Requests about the workspace and the connection. */
import { WorkbenchError } from '../../core/errors.ts';
import { protocolVersion } from '../../protocol/methods.ts';
import { previewData, resolveDataSource } from '../../training/previewData.ts';
import { resolveRunSource } from '../../training/runFile.ts';
import type { Handlers } from '../service.ts';
import { untrusted } from '../storeAccess.ts';

export const workspaceHandlers = {
  initialize: ({ protocolVersion: theirs }, { workspace, version, isViewOnly, stores }) => {
    if (theirs !== protocolVersion) throw mismatch(theirs);
    // A client that comes is a reason to look whether the store can be had for writing again.
    stores.canWrite();
    return { protocolVersion, backendVersion: version, workspace, pid: process.pid, lastSeq: stores.lastSeq(), isViewOnly };
  },

  'events/subscribe': ({ afterSeq }, { outbox }) => ({ lastSeq: outbox.subscribe(afterSeq) }),

  'data/preview': ({ source, verifiers, examples }, { demoFolder, entries, isViewOnly, signal }) => {
    const asked = { ...(verifiers === undefined ? {} : { verifiers }), ...(examples === undefined ? {} : { examples }) };
    return previewData(resolveDataSource(source), { demoFolder, grader: entries.grader, mayRunFunctions: !isViewOnly, ...asked, signal });
  },

  'workspace/doctor': ({ source }, { doctor, workspace, isViewOnly, signal, keys }) => {
    // It runs the model that the workspace names.
    if (isViewOnly) throw untrusted(workspace);
    return doctor(resolveRunSource(source), signal, keys.get);
  },

  shutdown: (_params, { shutDown }) => {
    // After the answer has left.
    setImmediate(shutDown);
    return null;
  },
} as const satisfies Partial<Handlers>;

function mismatch(theirs: number): WorkbenchError {
  const isOlder = theirs < protocolVersion;
  return new WorkbenchError({
    code: 'protocol.mismatch',
    message: `The extension speaks version ${theirs} of the protocol, the backend version ${protocolVersion}.`,
    remedy: isOlder
      ? 'Update the extension, then reload the window.'
      : 'Update the backend: stop the one that runs (an older version of the extension started it); the next one starts by itself.',
  });
}
