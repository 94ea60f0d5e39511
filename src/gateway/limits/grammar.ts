export * from '../../config/limit-grammar.ts';
