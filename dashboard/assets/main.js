// The script of a whole page.
import { enhance } from './enhance.js'

enhance(document)
