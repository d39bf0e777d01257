// A gateway in front compresses, or nobody does: so do the others of this comparison.
export default { compress: false, poweredByHeader: false };
