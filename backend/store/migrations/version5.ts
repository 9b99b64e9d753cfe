/** Version 5: how critiques came about. */
export const version5 = ``;
