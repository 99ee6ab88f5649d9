// One line per feature; a feature's texts are in its own file.
export { default as account } from './account'
export { default as common } from './common'
export { default as dashboard } from './dashboard'
export { default as desk } from './desk'
export { default as followups } from './followups'
export { default as plan } from './plan'
export { default as users } from './users'
