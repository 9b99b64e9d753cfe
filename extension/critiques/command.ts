/** What a command about critiques is: one file in `extension/commands`, listed in `register.ts`. */
import type { CritiqueDesk } from './desk.ts';

export interface CritiqueCommand {
  /** As in the manifest. */
  readonly id: string;
  /** `argument` is what the editor hands over: a comment, a thread, a reply, a document's address, a tree item, or nothing. */
  run(desk: CritiqueDesk, argument: unknown): Promise<void>;
}
