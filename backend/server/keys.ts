/** Keys of endpoints, held in this process's memory alone; its environment answers for the others. */
export class Keys {
  private readonly given = new Map<string, { readonly key: string; readonly origin: string | null }>();

  /** Null forgets it. With `origin` (`https://host:port`) it is given to that server alone, whatever a run file says. */
  set(name: string, key: string | null, origin: string | null): void {
    if (key === null) this.given.delete(name);
    else this.given.set(name, { key, origin });
  }

  readonly get = (name: string, origin: string): string | undefined => {
    const given = this.given.get(name);
    if (given === undefined) return process.env[name];
    return given.origin === null || given.origin === origin ? given.key : undefined;
  };
}
