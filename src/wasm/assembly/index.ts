export { run } from './run';
export { begin, finish, serve } from './threads';
