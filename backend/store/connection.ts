/** One open SQLite file: prepared statements by text, transactions that roll back, errors with remedies. */
import { driver, type Database, type SqlValue, type Statement } from './driver.ts';
import { storageError } from './storageErrors.ts';

export class Connection {
  readonly path: string;
  private readonly database: Database;
  private readonly statements = new Map<string, Statement>();

  private constructor(path: string, database: Database) {
    this.path = path;
    this.database = database;
  }

  static open(path: string, options: { readonly readOnly: boolean }): Connection {
    const { DatabaseSync } = driver();
    try {
      return new Connection(path, new DatabaseSync(path, options));
    } catch (error) {
      throw storageError(error, path);
    }
  }

  /** Runs statements without parameters or results. */
  exec(sql: string): void {
    this.guarded(() => this.database.exec(sql));
  }

  /** Rows changed. */
  run(sql: string, ...parameters: SqlValue[]): number {
    return this.guarded(() => Number(this.statement(sql).run(...parameters).changes));
  }

  /** The first row; `T` is what the caller knows its columns to be. */
  get<T>(sql: string, ...parameters: SqlValue[]): T | undefined {
    return this.guarded(() => this.statement(sql).get(...parameters)) as T | undefined;
  }

  all<T>(sql: string, ...parameters: SqlValue[]): T[] {
    return this.guarded(() => this.statement(sql).all(...parameters)) as T[];
  }

  /** All of `body` or nothing: whatever it throws undoes its writes and is thrown on. */
  transaction<T>(body: () => T): T {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself rolls back on a full disk.
      if (this.database.isTransaction) {
        this.database.exec('ROLLBACK');
      }
      throw error;
    }
  }

  /** The bundled driver cannot end a statement: it lets go of the file when the garbage collector has found them. */
  close(): void {
    this.statements.clear();
    this.guarded(() => this.database.close());
  }

  private statement(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  private guarded<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw storageError(error, this.path);
    }
  }
}
