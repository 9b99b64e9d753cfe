/**
 * Page checksums of a Parquet file: CRC-32 of all that follows a page's header, which writers may add (pyarrow: `write_page_checksum`). A
 * damaged page may well decompress and decode, so it is checked before it is read.
 */
import { crc32 } from 'node:zlib';
import type { AsyncBuffer, RowGroup } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

type ColumnMetaData = NonNullable<RowGroup['columns'][number]['meta_data']>;

/** Throws for the first page of the wanted columns (of the first level) that is not what its checksum says. */
export async function checkPages(file: AsyncBuffer, group: RowGroup, columns: readonly string[]): Promise<void> {
  for (const { meta_data: column } of group.columns) {
    if (column !== undefined && columns.includes(column.path_in_schema[0] ?? '')) await checkColumn(file, column);
  }
}

async function checkColumn(file: AsyncBuffer, column: ColumnMetaData): Promise<void> {
  const { dictionary_page_offset: dictionary = 0n, data_page_offset: data } = column;
  const start = Number(dictionary > 0n && dictionary < data ? dictionary : data);
  const bytes = await file.slice(start, start + Number(column.total_compressed_size));
  const name = column.path_in_schema.join('.');
  const reader = { view: new DataView(bytes), offset: 0 };
  let values = 0;
  for (let page = 1; values < Number(column.num_values); page++) {
    const place = `page ${page} of ${name}, at byte ${start + reader.offset},`;
    const { crc, compressed_page_size: length, data_page_header: first, data_page_header_v2: second } = parquetHeader(reader);
    // A writer gives checksums to all pages or to none.
    if (crc === undefined && page === 1) return;
    if (crc === undefined) throw new Error(`${place} has no checksum as the pages before it`);
    if (!(length >= 0 && reader.offset + length <= bytes.byteLength)) throw new Error(`${place} ends beyond its column`);
    if (crc32(new Uint8Array(bytes, reader.offset, length)) !== crc >>> 0) {
      throw new Error(`${place} is not what its checksum says`);
    }
    reader.offset += length;
    values += (first ?? second)?.num_values ?? 0;
  }
}
