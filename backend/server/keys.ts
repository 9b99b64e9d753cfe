/** Keys of endpoints, held in this process's memory alone; its environment answers for the others. */
export class Keys {
  private readonly given = new Map<string, string>();

  /** Null forgets it. */
  set(name: string, key: string | null): void {
    if (key === null) this.given.delete(name);
    else this.given.set(name, key);
  }

  readonly get = (name: string): string | undefined => this.given.get(name) ?? process.env[name];
}
