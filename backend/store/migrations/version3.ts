/** Version 3: what problems of any data set carry. */

/** The choices of a multiple choice question, and what the data set says about a problem besides (source, subject, index). */
export const version3 = `
ALTER TABLE problems ADD COLUMN choices TEXT;
ALTER TABLE problems ADD COLUMN metadata TEXT;
`;
