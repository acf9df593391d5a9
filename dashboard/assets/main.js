// The script of a whole page.
import { enhance } from './enhance.js'
import { enter } from './enter.js'

enhance(document)
enter(document)
