/** The read-only documents of scheme `cgrpo`, as a file system of one file a document: so the editor restores them after a reload. */
import * as vscode from 'vscode';
import { addressParts, documentScheme, parseAddress, type DocumentAddress } from './documentAddress.ts';
import { documentText } from './documentText.ts';
import type { Drafts } from './drafts.ts';
import type { FailureCache } from './failureCache.ts';
import { isSameTarget, type Target } from './target.ts';

export class CritiqueDocuments implements vscode.FileSystemProvider {
  readonly #failures: FailureCache;
  readonly #drafts: Drafts;
  readonly #messageOf: (error: unknown) => string;
  readonly #changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #changedAt = new Map<string, number>();
  readonly #startedAt = Date.now();

  readonly onDidChangeFile = this.#changes.event;

  /** `messageOf` makes of anything thrown what the editor shows in place of the document. */
  constructor(failures: FailureCache, drafts: Drafts, messageOf: (error: unknown) => string) {
    this.#failures = failures;
    this.#drafts = drafts;
    this.#messageOf = messageOf;
  }

  /** Every open document about the target is read again. */
  changed(target: Target): void {
    this.#announce((address) => isSameTarget(address, target));
  }

  allChanged(): void {
    this.#announce(() => true);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const address = parseAddress(uri.query);
    if (address === null) throw vscode.FileSystemError.FileNotFound(uri);
    const text = await this.#text(address);
    if (text === null) throw vscode.FileSystemError.FileNotFound(uri);
    // The mark makes it UTF-8 whatever the editor's setting for files is.
    return new TextEncoder().encode(`\ufeff${text}`);
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    if (parseAddress(uri.query) === null) throw vscode.FileSystemError.FileNotFound(uri);
    const mtime = this.#changedAt.get(uri.toString()) ?? this.#startedAt;
    return { type: vscode.FileType.File, ctime: 0, mtime, size: 0, permissions: vscode.FilePermission.Readonly };
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#changes.dispose();
  }

  async #text(address: DocumentAddress): Promise<string | null> {
    const draft = this.#drafts.of(address.runId, address.rolloutId);
    try {
      const text = documentText(address, await this.#failures.get(address), draft);
      if (text !== null) return text;
      // Of a refinement or a critique that is newer than what was read.
      this.#failures.forget(address);
      return documentText(address, await this.#failures.get(address), draft);
    } catch (error) {
      throw vscode.FileSystemError.Unavailable(this.#messageOf(error));
    }
  }

  #announce(isMeant: (address: DocumentAddress) => boolean): void {
    const uris = vscode.workspace.textDocuments
      .map(({ uri }) => uri)
      .filter((uri) => {
        const address = uri.scheme === documentScheme ? parseAddress(uri.query) : null;
        return address !== null && isMeant(address);
      });
    for (const uri of uris) this.#changedAt.set(uri.toString(), Date.now());
    if (uris.length > 0) this.#changes.fire(uris.map((uri) => ({ type: vscode.FileChangeType.Changed, uri })));
  }
}

export function documentUri(address: DocumentAddress, title: string): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, ...addressParts(address, title) });
}
