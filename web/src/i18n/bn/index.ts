// One line per feature; a feature's texts are in its own file.
export { default as account } from './account'
export { default as common } from './common'
export { default as users } from './users'
